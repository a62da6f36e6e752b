import { Page } from './parts/page.js';

export function NotFound() {
  return (
    <Page title="There is nothing here">
      <a href="/">To the shop</a>
    </Page>
  );
}
