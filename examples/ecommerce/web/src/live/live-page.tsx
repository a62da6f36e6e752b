import { useLocation, useRoute } from 'preact-iso';
import { Page } from '../parts/page.js';
import { CallDetail } from './call-detail.js';
import { CallTable } from './call-table.js';
import { snapshot, useLive } from './feed.js';
import { Guards } from './guards.js';
import { ServiceMap } from './service-map.js';

/** What the services do, and what the middleware does for them, at this moment. */
export default function LivePage() {
  useLive();
  const { route } = useLocation();
  const trace = useRoute().params['trace'];
  const present = snapshot.value;
  return (
    <Page
      wide
      title="Live"
      lead="Every call between customers and services: calls per second, share of errors and the slowest of a hundred on each edge."
    >
      {!present && <p class="soft">Listening…</p>}
      {present && (
        <div class="stack">
          <ServiceMap snapshot={present} />
          <Guards snapshot={present} />
          <CallTable />
        </div>
      )}
      {trace !== undefined && <CallDetail key={trace} traceId={trace} onClose={() => route('/live')} />}
    </Page>
  );
}
