import { createBrowser } from '../../test/support/browser-client.ts';
import type { Flags } from '../flags.ts';
import type { Bed } from './bed.ts';
import { type KeySpace, measureKeys, sumOf } from './redis-cost.ts';
import type { ServerProcess } from './server-process.ts';
import { inTurns, logIn } from './sessions.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** What logins cost the application, ours beside the same by hand. */
export interface LoginResults {
  readonly ours: LoginCost;
  readonly byHand: LoginCost;
  /** Processor time, block by block. */
  readonly ratio: Spread;
}

/** Of one application. */
export interface LoginCost {
  /** Milliseconds of its processor time per whole login. */
  readonly cpu: Spread;
  /** Redis commands per whole login, those that scripts run included. */
  readonly commands: number;
  /** What one `GET /login` leaves in Redis. */
  readonly leftByStart: KeySpace;
}

interface Application {
  /** Each with a base URL of its own, for that is where the provider sends its browsers back to. */
  readonly processes: readonly { readonly server: ServerProcess; readonly group: string }[];
  readonly blocks: number[];
  logins: number;
}

const BLOCKS = 15;
const COUNTED = 20;

/** Logs in at both, in blocks that take turns, as do the processes of each. */
export async function measureLogins(
  bed: Bed,
  flags: Flags,
  say: (text: string) => void,
): Promise<LoginResults> {
  const start = async (server: string, variant: string): Promise<Application> => {
    const processes: { server: ServerProcess; group: string }[] = [];
    while (processes.length < flags.processes) {
      const group = `logins-${server}-${processes.length}`;
      processes.push({ server: await bed.start({ name: group, group, server, variant }), group });
    }
    return { processes, blocks: [], logins: 0 };
  };
  const [ours, byHand] = [await start('ours', 'user'), await start('login-by-hand', '')];
  const size = Math.ceil(flags.loginsToMeasure / BLOCKS);
  say(
    `measuring ${size * BLOCKS} logins each, in ${BLOCKS} blocks, after ${flags.loginsToWarm} for each process`,
  );
  for (let index = 0; index < flags.processes; index += 1) {
    // Just before: one that has been idle meanwhile is slow again.
    for (const application of [ours, byHand])
      await logInOften(bed, application, { index, count: flags.loginsToWarm });
    for (let block = index; block < BLOCKS; block += flags.processes) {
      for (const application of block % 2 === 0 ? [ours, byHand] : [byHand, ours]) {
        const { server } = application.processes[index]!;
        const before = await server.readUsage();
        await logInOften(bed, application, { index, count: size });
        const after = await server.readUsage();
        application.blocks.push((after.cpu - before.cpu) / size / 1000);
      }
    }
  }
  return {
    ours: await describe(bed, ours),
    byHand: await describe(bed, byHand),
    ratio: spreadOf(ours.blocks.map((cost, block) => cost / byHand.blocks[block]!)),
  };
}

async function logInOften(
  bed: Bed,
  application: Application,
  { index, count }: { index: number; count: number },
): Promise<void> {
  const { server, group } = application.processes[index]!;
  const baseUrl = bed.baseUrlOf(group);
  await inTurns(count, async () => {
    application.logins += 1;
    await logIn(bed, createBrowser(server.origin), { baseUrl, index: application.logins });
  });
  bed.op.forgetRequests();
}

async function describe(bed: Bed, application: Application): Promise<LoginCost> {
  const { server, group } = application.processes[0]!;
  const database = bed.databaseOf(group);
  await bed.redis.resetCommandCounts();
  await logInOften(bed, application, { index: 0, count: COUNTED });
  const commands = sumOf(await bed.redis.commandCounts()) / COUNTED;
  await database.flushdb();
  await inTurns(COUNTED, () => createBrowser(server.origin).get('/login'));
  const { keys, bytes } = await measureKeys(database);
  const leftByStart = { keys: keys / COUNTED, bytes: bytes / COUNTED };
  return { cpu: spreadOf(application.blocks), commands, leftByStart };
}
