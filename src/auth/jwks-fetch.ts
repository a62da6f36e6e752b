/** What bounds one request for a key set. */
export interface FetchBounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/**
 * The body that a key server answers with. Redirects are not followed: whoever could place one would choose the keys
 * (RFC 8725, section 3.10).
 *
 * @throws Error that says what was wrong, without the URL's query.
 */
export async function fetchBounded(url: URL, { timeoutMs, maxBytes }: FetchBounds): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  const headers = { accept: 'application/jwk-set+json, application/json' };
  try {
    const response = await fetch(url, { redirect: 'manual', signal, headers });
    return await bodyOf(response, maxBytes);
  } catch (error) {
    const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error);
    throw new Error(`${url.origin}${url.pathname}: ${reason}`, { cause: error });
  }
}

async function bodyOf(response: Response, maxBytes: number): Promise<string> {
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new Error(
      `answered ${response.status} instead of 200${response.status < 400 ? ', and redirects are not followed' : ''}`,
    );
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Counted as they arrive: a declared length may lie, and compression hides the true one. Leaving the loop cancels.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`answered more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** fetch() hides what happened in its error's cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  const detail = cause?.code ?? cause?.message;
  return detail === undefined ? String(message) : `${message} (${detail})`;
}
