import { Page } from '../parts/page.js';

export default function BreakPage() {
  return <Page title="Soon" children={null} />;
}
