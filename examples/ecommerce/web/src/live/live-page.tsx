import { Page } from '../parts/page.js';

export default function LivePage() {
  return <Page title="Soon" children={null} />;
}
