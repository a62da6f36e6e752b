#!/usr/bin/env node
import { healthCommand, healthUsage } from './health/health-command.js';

const [command = '', ...args] = process.argv.slice(2);

if (command === 'health') {
  // An exit at once: a probe waits for no idle connection.
  void healthCommand(args, console).then((status) => process.exit(status));
} else if (['--help', '-h', 'help'].includes(command)) {
  console.log(healthUsage);
} else {
  console.error(healthUsage);
  process.exitCode = 64;
}
