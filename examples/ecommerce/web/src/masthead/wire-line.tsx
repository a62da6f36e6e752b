import { lastPassage } from '../api/wire.js';
import { counted } from '../words.js';

/** At the foot of every page: how its last question went over the wire. */
export function Wire() {
  const passage = lastPassage.value;
  if (!passage) return <footer class="wire">No call yet</footer>;
  const { rpc, replica, attempts, code } = passage;
  return (
    <footer class="wire">
      <span>{rpc}</span>
      <span>
        {code}
        {replica && ` from ${replica}`}
      </span>
      <span role="status" class="retried">
        {attempts > 1 && `after ${counted(attempts, 'attempt')}`}
      </span>
    </footer>
  );
}
