// Runs a share of the seeds in a process of its own, in which time is virtual. The clock comes first: modules capture
// timers as they are loaded.
import { installClock } from './world/clock.js';

const clock = installClock();
Math.random = () => 0.5;

const { work } = await import('./work.js');

process.on('beforeExit', () => {
  console.log('The simulation stopped halfway: nothing was left to run');
  process.exit(2);
});
try {
  process.exit((await work(clock, process.argv.slice(2))) ? 0 : 1);
} catch (error) {
  console.log('The simulation itself failed:', error);
  process.exit(2);
}
