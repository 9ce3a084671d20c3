import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { systemTimers } from '../../channel';
import { readWorkerConfig } from '../../worker/config';
import { createConfigfsQuotes } from '../../worker/quotes/configfs';
import { toJson } from '../connect';
import { standardOutput, type Console } from '../console';
import { examine } from './examine';
import type { Finding, Settings, Side } from './finding';
import { DOCTOR_LIMITS } from './limits';
import { thisMachine, type Machine } from './machine';
import { printFindings } from './report';
import { sideOf } from './tdx';

export interface DoctorFlags {
  config?: string;
  endpoint?: string;
  apiKeyFile?: string;
  port: number[];
  stateDir?: string;
  qemu: string;
  as?: Side;
  json: boolean;
}

/** `cocoon provider doctor`: what stands between this machine and its first quote, each line with its remedy. */
export function addDoctorCommand(provider: Command): void {
  provider
    .command('doctor')
    .description(
      'look at everything that a worker needs of this machine; exit code 1 when something must be mended',
    )
    .option('--config <file>', "the worker's configuration: endpoint, port and folder are taken from it")
    .option('--endpoint <url>', 'toncenter-compatible JSON-RPC')
    .option('--api-key-file <file>', 'file with the key for the endpoint')
    .option('--port <n>', 'a port that must be free; may be repeated', collectPort, [])
    .option('--state-dir <folder>', "where the worker's state goes")
    .option('--qemu <program>', 'name or path of QEMU', 'qemu-system-x86_64')
    .addOption(new Option('--as <side>', 'look as the host or as the guest').choices(['host', 'guest']))
    .option('--json', 'one JSON object instead of text', false)
    .action(async (flags: DoctorFlags) => {
      const machine = thisMachine((reportData) => quotes.quote(reportData));
      process.exitCode = await runDoctor(flags, machine, standardOutput());
    });
}

/** 0 when nothing must be mended, else 1. */
export async function runDoctor(flags: DoctorFlags, machine: Machine, to: Console): Promise<number> {
  const settings = settingsOf(flags, machine);
  const findings = await examine(machine, settings);
  if (flags.json) to.write(`${toJson(doctorJson(findings, settings.side))}\n`);
  else printFindings(findings, settings.side, to);
  return findings.some(({ level }) => level === 'fail') ? 1 : 0;
}

function doctorJson(findings: readonly Finding[], side: Side): object {
  return { ok: findings.every(({ level }) => level !== 'fail'), side, checks: findings };
}

/** Flags come before the configuration file, and that before the defaults. */
function settingsOf(flags: DoctorFlags, machine: Machine): Settings {
  const config = flags.config === undefined ? null : readWorkerConfig(flags.config);
  const keyFile = flags.apiKeyFile ?? config?.network.apiKeyFile;
  const configured = config && config.adminPort > 0 ? [config.adminPort] : [];
  return {
    side: flags.as ?? sideOf(machine),
    endpoint: flags.endpoint ?? config?.network.endpoint ?? null,
    apiKey: keyFile === undefined ? null : readFileSync(keyFile, 'utf8').trim(),
    ports: flags.port.length > 0 ? flags.port : configured,
    stateDir: flags.stateDir ?? config?.stateDir ?? process.cwd(),
    qemu: flags.qemu,
  };
}

const quotes = createConfigfsQuotes({}, { timers: systemTimers, randomBytes });

function collectPort(text: string, before: number[]): number[] {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('a port from 1 to 65535 is needed.');
  if (before.length >= DOCTOR_LIMITS.portsMax)
    throw new InvalidArgumentError(`at most ${DOCTOR_LIMITS.portsMax} ports.`);
  return [...before, port];
}
