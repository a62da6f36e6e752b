import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

interface PageProps {
  readonly title: string;
  readonly lead?: ComponentChildren;
  /** Maps and charts want room. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** What every page has: a title, above it and in the browser's tab, and the content that the skip link leads to. */
export function Page({ title, lead, wide = false, children }: PageProps) {
  useEffect(() => {
    document.title = title === 'The shop' ? title : `${title} · The shop`;
  }, [title]);
  return (
    <main id="main" tabIndex={-1} class={wide ? 'wide' : ''}>
      <header>
        <h1>{title}</h1>
        {lead && <p>{lead}</p>}
      </header>
      {children}
    </main>
  );
}
