import { startTestServer, type TestServer, type TestServerOptions } from '../../src/testing/index.js';
import { echoCall, type Seen } from './echo-call.js';

type Tail<T extends unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

/** A test server whose calls can be awaited to their ends on both sides. */
export interface CountedCalls extends TestServer {
  /** A call from its start to its end on both sides. */
  call(...how: Tail<Parameters<typeof echoCall>>): Promise<Seen>;
  /** Resolves when all calls that the client began have ended on the server. */
  ended(): Promise<unknown>;
}

export async function countedCalls(options: TestServerOptions = {}): Promise<CountedCalls> {
  const server = await startTestServer(options);
  const { events, rawClient } = server;
  const ended = (): Promise<unknown> =>
    events.until({ side: 'server', hook: 'onEnd' }, { nth: events.list({ side: 'client', hook: 'admit' }).length });
  return {
    ...server,
    ended,
    async call(...how) {
      const seen = await echoCall(rawClient, ...how).seen;
      await ended();
      return seen;
    },
  };
}
