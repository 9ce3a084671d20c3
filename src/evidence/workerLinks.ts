import { AEAD_ID, KDF_ID, KEM_ID } from '../channel';
import { LIMITS } from '../protocol/limits';
import { hpkeCertificateLayout, verifySigned } from '../protocol/signed';
import { modelsRoot, statementHash } from '../protocol/statement';
import { demand, type LinkCheck } from './link';
import { count, short, when } from './words';

/** From the key that signed to the statement that a quote binds. */

type WorkerLink = 'worker-key' | 'statement' | 'certificate' | 'model';

export const WORKER_LINKS: Record<WorkerLink, LinkCheck> = {
  'worker-key': ({ parts }) => {
    const { workerKey } = parts.line();
    demand(workerKey.equals(parts.statement().receiptKey), 'the statement names another key');
    return workerKey.toString('hex');
  },

  statement({ bundle, parts, atUnix }) {
    const statement = parts.statement();
    demand(statement.networkId === bundle.network.id, `it is for network ${statement.networkId}`);
    demand(statement.registry.equals(parts.registry), 'it is for another registry');
    demand(statement.worker.equals(parts.worker), 'it is for another Worker contract');
    const { kemId, kdfId, aeadId, notBefore, notAfter } = statement;
    demand(
      kemId === KEM_ID && kdfId === KDF_ID && aeadId === AEAD_ID,
      'it names algorithms that are not known',
    );
    const { statementMaxSeconds, clockSkewSeconds: skew } = LIMITS;
    demand(notAfter - notBefore <= statementMaxSeconds + skew, 'it holds for longer than a statement may');
    demandDate({ notBefore, notAfter }, atUnix);
    return `${short(statementHash(parts.statementImage))}, ${when(notBefore)} to ${when(notAfter)}`;
  },

  certificate({ parts, atUnix }) {
    const certificate = parts.certificate();
    const { domain, hpkeKey, statementHash: hash, notBefore, notAfter } = certificate.value;
    demand(domain.equals(parts.workerDomain()), 'it is for another Worker contract');
    demand(hash.equals(statementHash(parts.statementImage)), 'it is for another statement');
    const signed = verifySigned(hpkeCertificateLayout, certificate, parts.line().workerKey);
    demand(signed, 'the worker key did not sign it');
    demandDate({ notBefore, notAfter }, atUnix);
    return `HPKE key ${short(hpkeKey)}, to ${when(notAfter)}`;
  },

  model({ bundle, parts }) {
    const { modelHash } = parts.record();
    const named = parts.models.some((hash) => hash.equals(modelHash));
    demand(modelsRoot(parts.models).equals(parts.statement().modelsRoot), 'these are not its models');
    demand(named, 'the statement does not name the model that ran');
    // Sorted and distinct, so that the list has one form only.
    const sorted = parts.models.every((hash, i) => i === 0 || parts.models[i - 1]!.compare(hash) < 0);
    demand(sorted, 'the models are not in their order');
    return `${short(modelHash)} of ${count(parts.models.length, 'model')}; the client calls it ${bundle.claims.model}`;
  },
};

function demandDate({ notBefore, notAfter }: { notBefore: number; notAfter: number }, atUnix: number): void {
  const skew = LIMITS.clockSkewSeconds;
  demand(notBefore <= atUnix + skew, `it holds from ${when(notBefore)} only`);
  demand(atUnix < notAfter, `it held until ${when(notAfter)} only`);
}
