import { mayBreak } from '../api/session.js';
import { snapshot, useLive } from '../live/feed.js';
import { Guards } from '../live/guards.js';
import { ServiceMap } from '../live/service-map.js';
import { Page } from '../parts/page.js';
import { EffectCharts } from './effect-charts.js';
import { FaultControls } from './fault-controls.js';
import { LoadControls } from './load-controls.js';
import { ReplicaControls } from './replica-controls.js';
import './break-page.css';

/** Breaks things, and shows beside it that customers hardly notice. */
export default function BreakPage() {
  if (!mayBreak.value) {
    return (
      <Page
        title="Break it"
        lead="Only for those who run the shop, on this machine, while npm start runs with its defaults."
        children={null}
      />
    );
  }
  return (
    <Page
      wide
      title="Break it"
      lead="Stop a replica, slow a method, press hard: and watch what the middleware does about it."
    >
      <Workshop />
    </Page>
  );
}

function Workshop() {
  useLive();
  const present = snapshot.value;
  if (!present) return <p class="soft">Listening…</p>;
  return (
    <div class="workshop">
      <div class="stack">
        <ServiceMap snapshot={present} />
        <EffectCharts />
        <Guards snapshot={present} />
      </div>
      <div class="stack">
        <ReplicaControls replicas={present.replicas} />
        <FaultControls faults={present.faults} />
        <LoadControls load={present.load} />
      </div>
    </div>
  );
}
