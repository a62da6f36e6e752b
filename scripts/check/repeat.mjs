// repeat TIMES COMMAND …: runs a command again and again, until it has held this many times or failed once.
import { spawnSync } from 'node:child_process';

const [times, program, ...args] = process.argv.slice(2);
for (let time = 1; time <= Number(times); time++) {
  console.log(`\n${time} of ${times}`);
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
