// One contestant as a process of its own: told what to be by its argument, it says when it listens, and what it has used
// whenever it is asked.
import { once } from 'node:events';
import type { CreateApp, ServerSettings, Usage } from './server-settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as ServerSettings;
const { createApp } = (await import(`./${settings.server}.js`)) as { createApp: CreateApp };
const app = await createApp(settings);

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpu: user + system, at: performance.now(), memory: process.memoryUsage.rss() };
  process.send?.(usage);
});
// The benchmark has ended, however that came.
process.once('disconnect', () => process.exit());

const server = app.listen(settings.port, 'localhost');
await once(server, 'listening');
process.send?.('listening');
