import { expect, test } from 'vitest';
import { readConfig, USAGE } from './config.js';

const POSTGRES = { DATABASE_URL: 'postgres://localhost/shop' };

test('nothing asked for is the embedded shop, where the README says', () => {
  expect(readConfig([], {})).toMatchObject({
    once: false,
    memory: false,
    processes: false,
    tls: false,
    databaseUrl: undefined,
    portOffset: 0,
  });
  expect(readConfig(['--once', '--processes'], { ...POSTGRES, SHOP_PORT_OFFSET: '-100' })).toMatchObject({
    once: true,
    processes: true,
    databaseUrl: POSTGRES.DATABASE_URL,
    portOffset: -100,
  });
});

test.each<[string, string[], NodeJS.ProcessEnv, string]>([
  ['processes without a server', ['--processes'], {}, '--processes needs DATABASE_URL'],
  ['order processes in one process', ['--order-processes', '3'], {}, '--order-processes needs --processes'],
  ['no order process', ['--processes', '--order-processes', '0'], POSTGRES, 'a whole number from 1 to 5, not 0.'],
  ['two databases', ['--memory'], POSTGRES, 'which database is it to be?'],
  ['a port that is none', [], { SHOP_PORT_OFFSET: '65000' }, 'from -9000 to 15000, not 65000.'],
  ['half a port', [], { SHOP_PORT_OFFSET: '0.5' }, 'not 0.5.'],
  ['words for a port', [], { SHOP_PORT_OFFSET: 'many' }, 'not many.'],
  ['an unknown option', ['--chaos'], {}, `Unknown option '--chaos'.\n\n${USAGE}`],
  ['a value for what takes none', ['--once=yes'], {}, USAGE],
  ['something without a name', ['once'], {}, USAGE],
])('%s is refused with a sentence for people', (_, args, env, sentence) => {
  expect(() => readConfig(args, env)).toThrow(sentence);
});
