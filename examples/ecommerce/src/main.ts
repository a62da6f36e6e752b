import { readConfig, USAGE, type Config } from './config.js';
import { httpUrl } from './plan.js';
import { Progress } from './progress.js';
import { startShop, type RunningShop } from './process/start-shop.js';

// npm start: all services, the customer journey once, then service until Ctrl-C.

if (process.argv.includes('--help')) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const asked = askedToStop();
  const progress = new Progress();
  let shop: RunningShop | undefined;
  try {
    const config = readConfig(process.argv.slice(2), process.env);
    void import('./journey/run-journey.js'); // takes as long as the shop needs to start, so both at once
    shop = await startShop(config, (what) => progress.show(what));
    progress.done(`The shop is open: ${shop.database}`);
    return await serve(config, shop, asked);
  } catch (error) {
    progress.clear();
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await shop?.stop();
  }
}

/** The journey, then whatever customers want, until somebody asks to stop or a process breaks. */
async function serve(config: Config, shop: RunningShop, asked: Promise<void>): Promise<number> {
  const broken = shop.broken.then((why) => Promise.reject(new Error(why)));
  broken.catch(() => undefined); // heard only while it is waited for
  const succeeded = await Promise.race([journey(config), broken, asked]);
  if (config.once) return succeeded ? 0 : 1;
  if (succeeded !== undefined) console.log(`The shop serves at ${httpUrl(config.portOffset)}/ until Ctrl-C.`);
  await Promise.race([asked, broken]);
  return 0;
}

async function journey(config: Config): Promise<boolean> {
  const { runJourney } = await import('./journey/run-journey.js');
  return runJourney(config);
}

/** Resolves at the first Ctrl-C or SIGTERM. */
function askedToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
}
