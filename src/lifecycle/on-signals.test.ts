import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { onSignals, type StopRequest } from './on-signals.js';

/** Sends a signal to a process of ours for each line that it prints; returns its lines and its end. */
async function run(how: string, ...signals: NodeJS.Signals[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/lifecycle/fixtures/process.ts', how]);
  const lines: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split('\n')) {
      lines.push(line);
      const signal = signals.shift();
      if (signal !== undefined) child.kill(signal);
    }
  });
  const exit = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  return { exit, lines };
}

describe('onSignals', () => {
  test.concurrent('stops in order, and leaves with 0', async () => {
    expect(await run('well', 'SIGTERM')).toEqual({ exit: 0, lines: ['ready', 'stopping on SIGTERM', 'stopped'] });
  });

  test.concurrent('leaves with 1 when a handler fails', async () => {
    expect(await run('fails', 'SIGINT')).toEqual({ exit: 1, lines: ['ready', 'stopping on SIGINT'] });
  });

  test.concurrent('forces with the second signal, and says so by its exit code', async () => {
    expect(await run('hangs', 'SIGINT', 'SIGINT')).toEqual({
      exit: 130,
      lines: ['ready', 'stopping on SIGINT', 'stopped'],
    });
  });

  test.concurrent('lets every handler finish', async () => {
    expect(await run('twice', 'SIGTERM')).toEqual({
      exit: 0,
      lines: ['ready', 'stopping on SIGTERM', 'stopped', 'the other too'],
    });
  });

  test('asks once, forces once, and stops listening when told to', async () => {
    const requests: StopRequest[] = [];
    const before = process.listenerCount('SIGUSR2');
    const stop = onSignals(['SIGUSR2'], (request) => requests.push(request), { exit: false });
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(requests[0]!.signal).toBe('SIGUSR2');
    expect(requests[0]!.force.aborted).toBe(false);
    process.emit('SIGUSR2', 'SIGUSR2');
    expect(requests).toHaveLength(1);
    expect(requests[0]!.force.aborted).toBe(true);
    stop();
    expect(process.listenerCount('SIGUSR2')).toBe(before);
  });

  test.each([[[]], [['SIGNONSENSE']], ['SIGTERM']])('refuses %j', (signals) => {
    expect(() => onSignals(signals as never, () => {})).toThrow('onSignals: signals must be a list of signals');
  });

  test('refuses a handler that is none', () => {
    expect(() => onSignals(['SIGTERM'], 5 as never)).toThrow('onSignals: handler must be a function');
  });
});
