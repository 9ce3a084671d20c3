import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

/** A program under measurement: a process of its own, so that its processor time is nobody else's. */
export interface MeasuredProcess {
  url: string;
  cpuUsage(): Promise<NodeJS.CpuUsage>;
  stop(): void;
}

/** What such a program tells its parent. */
type Report = { url: string } | NodeJS.CpuUsage;

export async function startMeasured(file: string, args: readonly string[]): Promise<MeasuredProcess> {
  const child = fork(path.join(__dirname, file), [...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const next = async (): Promise<Report> => {
    const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(20_000) })) as [Report];
    return message;
  };
  const hello = await next();
  if (!('url' in hello)) throw new Error(`${file} did not say where it listens`);
  return {
    url: hello.url,
    async cpuUsage() {
      child.send('cpu');
      return (await next()) as NodeJS.CpuUsage;
    },
    stop: () => void child.kill(),
  };
}

/** The other side: says where it listens, and answers each question with the processor time so far. */
export function reportTo(url: string): void {
  process.on('message', () => process.send!(process.cpuUsage()));
  process.on('disconnect', () => process.exit(0));
  process.send!({ url });
}
