import { createMetrics } from '../../../src/worker/metrics';
import type { AttestationStatus } from '../../../src/worker/attestationStatus';
import { createWorld, START } from './support/world';

const DAY = 86_400;
const WELL: AttestationStatus = {
  source: 'SIMULATED',
  simulated: true,
  step: 'idle',
  expiresAtUnix: START + DAY,
  lastSuccessAtUnix: START,
  failures: 0,
  lastFailure: null,
  nextTryAtUnix: 0,
  alert: null,
};

describe('what a monitor sees of the attestation', () => {
  it('when it ends, when it succeeded last, whether it is simulated, and whether to wake somebody', async () => {
    let attestation = WELL;
    const metrics = createMetrics({
      ...{ running: () => 0, free: () => 0, links: () => 0, admitted: () => true },
      attestation: () => attestation,
    });
    const valueOf = async (name: string): Promise<number> =>
      Number(new RegExp(`^cocoon_worker_attestation_${name} (\\S+)$`, 'm').exec(await metrics.text())?.[1]);
    expect(await valueOf('expires_at')).toBe(START + DAY);
    expect(await valueOf('last_success')).toBe(START);
    expect([await valueOf('simulated'), await valueOf('alert')]).toEqual([1, 0]);

    attestation = { ...WELL, simulated: false, alert: 'the admission ends in 5 minutes' };
    expect([await valueOf('simulated'), await valueOf('alert')]).toEqual([0, 1]);

    metrics.attestationFailed('image not allowed');
    metrics.attestationFailed('image not allowed');
    expect(await valueOf('failures_total\\{reason="image not allowed"\\}')).toBe(2);
  });

  it('the health page of a running worker says the same', async () => {
    const world = await createWorld();
    try {
      const page = await fetch(`http://127.0.0.1:${world.worker.adminPort}/healthz`);
      const { attestation } = (await page.json()) as { attestation: AttestationStatus };
      expect(attestation).toMatchObject({ source: null, step: 'idle', failures: 0, alert: null });
      expect(attestation.expiresAtUnix).toBeGreaterThan(START + DAY - 120);
      const metrics = await fetch(`http://127.0.0.1:${world.worker.adminPort}/metrics`);
      expect(await metrics.text()).toContain(
        `cocoon_worker_attestation_expires_at ${attestation.expiresAtUnix}\n`,
      );
    } finally {
      await world.end();
    }
  });
});
