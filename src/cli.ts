#!/usr/bin/env node
import { healthCommand, healthUsage } from './health/health-command.js';

const [command, ...args] = process.argv.slice(2);

// An exit at once: a probe waits for no idle connection.
if (command === 'health') {
  void healthCommand(args, console).then((status) => process.exit(status));
} else {
  console.error(healthUsage);
  process.exit(command === '--help' || command === '-h' ? 0 : 64);
}
