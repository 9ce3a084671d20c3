import { parseQuote } from '../../attestation/quote';
import { QuoteSourceError } from '../../worker/quotes/errors';
import { fail, ok, warn, type Check, type Verdict } from './finding';
import type { Machine } from './machine';

const CONFIGFS = '/sys/kernel/config';
const REPORTS = `${CONFIGFS}/tsm/report`;
const REPORT_DATA_BYTES = 64;

/** Linux gives quotes through configfs: mounted, with a provider, writable for this user. */
export const configfsCheck: Check = {
  name: 'configfs',
  sides: ['guest'],
  async look(machine) {
    if (!/^\S+ \/sys\/kernel\/config configfs /m.test(machine.read('/proc/mounts') ?? ''))
      return fail('configfs is not mounted', `Run: mount -t configfs none ${CONFIGFS}`);
    return reportFolder(machine.access(REPORTS));
  },
};

function reportFolder(access: ReturnType<Machine['access']>): Verdict {
  switch (access) {
    case 'absent':
      return fail(
        `${REPORTS} is not there`,
        'Load the module tdx_guest (modprobe tdx_guest), which provides it.',
      );
    case 'denied':
      return fail(
        `${REPORTS} is not writable for this user`,
        'Run the worker as root: the kernel lets nobody else ask for quotes.',
      );
    case 'writable':
      return ok(`${REPORTS} is writable`);
  }
}

/** The whole way once: guest, hypervisor, quoting service of the host. */
export const quoteCheck: Check = {
  name: 'quote',
  sides: ['guest'],
  async look(machine) {
    try {
      const bytes = await machine.quote(new Uint8Array(REPORT_DATA_BYTES));
      const { version } = parseQuote(bytes);
      return ok(`a quote of version ${version}, ${bytes.length} bytes`);
    } catch (error) {
      return fail(
        error instanceof Error ? error.message : String(error),
        error instanceof QuoteSourceError ? error.remedy : "Check the host's quote generation service.",
      );
    }
  },
};

/** On the host: the service that turns a TD's report into a quote. */
export const quotingServiceCheck: Check = {
  name: 'quoting service',
  sides: ['host'],
  async look(machine) {
    const ran = await machine.run('systemctl', ['is-active', 'qgsd']);
    const state = ran.outcome === 'absent' ? 'no systemctl here' : ran.output.trim().split('\n')[0]!;
    if (state === 'active') return ok('qgsd is active');
    return warn(
      `qgsd: ${state}`,
      "Install Intel's tdx-qgs, register the machine (mpa_registration_tool), and start it: systemctl enable --now qgsd. Skip this when another quoting service listens.",
    );
  },
};
