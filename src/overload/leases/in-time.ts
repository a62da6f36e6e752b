/**
 * A promise's value, or a rejection after `ms`. What arrives later goes to `late`.
 *
 * The timer is not trusted alone: after a stall of the event loop it fires before the socket is read in which the answer
 * has been waiting, so what has arrived is read first.
 */
export function inTime<T>(answer: Promise<T>, ms: number, what: string, late: (value: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let expired = false;
    const timer = setTimeout(() => setImmediate(expire), ms);
    function expire(): void {
      expired = true;
      reject(new Error(`${what} did not answer within ${ms} ms`));
    }
    answer.then(
      (value) => {
        clearTimeout(timer);
        if (expired) late(value);
        else resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
