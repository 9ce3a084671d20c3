import { CocoonError } from '../../protocol/errors';
import { fail, ok, warn, type Check } from './finding';
import { DOCTOR_LIMITS } from './limits';
import { isAtLeast, versionIn } from './version';

/** The chain answers, and agrees about the time: statements and certificates are judged by block time. */
export const chainCheck: Check = {
  name: 'chain',
  sides: ['host', 'guest'],
  async look(machine, { endpoint, apiKey }) {
    if (endpoint === null)
      return warn('not asked', 'Name an endpoint: --endpoint <url>, or --config <worker.json>.');
    try {
      const age = Math.round(machine.now() - (await machine.blockTime(endpoint, apiKey)));
      return ok(`${endpoint} answers, last block ${age} s ago`);
    } catch (error) {
      const why = error instanceof CocoonError ? error.message : String(error);
      return fail(`${endpoint}: ${why}`, 'Check the URL, the network and the API key.');
    }
  },
};

export const clockCheck: Check = {
  name: 'clock',
  sides: ['host', 'guest'],
  async look(machine, { endpoint, apiKey }) {
    if (endpoint === null) return warn('not compared with the chain', 'Name an endpoint, as above.');
    const offset = await machine.blockTime(endpoint, apiKey).then(
      (time) => Math.round(machine.now() - time),
      () => null,
    );
    if (offset === null) return warn('not compared: the chain does not answer', 'See the line above.');
    const seen = `${Math.abs(offset)} s ${offset < 0 ? 'behind' : 'ahead of'} the last block`;
    const fix = 'Set the clock by NTP (systemd-timesyncd, chrony); if it is right, the endpoint is behind.';
    if (Math.abs(offset) > DOCTOR_LIMITS.clockFailSeconds) return fail(`${seen}: jobs would be refused`, fix);
    return Math.abs(offset) > DOCTOR_LIMITS.clockWarnSeconds ? warn(seen, fix) : ok(seen);
  },
};

/** A worker dials out; the only port it takes is that of its health and metrics. */
export const portsCheck: Check = {
  name: 'ports',
  sides: ['host', 'guest'],
  async look(machine, { ports }) {
    if (ports.length === 0)
      return ok('none is needed: the worker dials out, and takes any free port for its health');
    const free = await Promise.all(ports.map((port) => machine.isPortFree(port)));
    const taken = ports.filter((_, i) => !free[i]);
    if (taken.length === 0) return ok(`${ports.join(', ')} free on 127.0.0.1`);
    return fail(
      `${taken.join(', ')} taken on 127.0.0.1`,
      'Stop what listens there (ss -ltnp), or set another adminPort.',
    );
  },
};

export const diskCheck: Check = {
  name: 'disk',
  sides: ['host', 'guest'],
  async look(machine, { stateDir }) {
    const bytes = machine.freeBytes(stateDir);
    if (bytes === null)
      return warn(`${stateDir} is not there`, 'Create it, or name the folder of the state: --state-dir.');
    const seen = `${gibibytes(bytes)} GiB free in ${stateDir}`;
    const fix = 'Give the state folder 1 GiB: a full ledger stops the worker.';
    if (bytes < DOCTOR_LIMITS.diskFailBytes) return fail(seen, fix);
    return bytes < DOCTOR_LIMITS.diskWarnBytes ? warn(seen, fix) : ok(seen);
  },
};

export const nodeCheck: Check = {
  name: 'node',
  sides: ['host', 'guest'],
  async look(machine) {
    const version = versionIn(machine.nodeVersion);
    if (version !== null && isAtLeast(version, 20, 19)) return ok(`Node ${machine.nodeVersion}`);
    return fail(`Node ${machine.nodeVersion}`, 'Install Node 20.19 or newer.');
  },
};

function gibibytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
