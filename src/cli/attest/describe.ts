import { toHex } from '../../attestation/bytes';
import { nodeCrypto } from '../../attestation/crypto/node';
import { imageId, shape } from '../../attestation/image';
import type { Quote } from '../../attestation/quote';
import type { Root } from '../../protocol/root';
import { bodySection } from './bodyFields';
import { certificateSections } from './certificateFields';
import { enclaveSection, headerSection } from './evidenceFields';
import { field, type Section } from './field';

/**
 * Everything that a quote says, decoded. Nothing is judged: `cocoon attest verify` does that. Throws AttestationError
 * for a certificate that is none.
 */
export async function describeQuote(quote: Quote, root: Root): Promise<Section[]> {
  return [
    await identitySection(quote, root),
    headerSection(quote),
    bodySection(quote),
    await enclaveSection(quote),
    ...certificateSections(quote),
  ];
}

async function identitySection({ body }: Quote, root: Root): Promise<Section> {
  return {
    title: 'Identity',
    fields: [
      field(
        'image-id',
        toHex(await imageId(body, root, nodeCrypto)),
        `the software: SHA-256 of a tag${root === 'simulated' ? ' (of the simulated root)' : ''}, tdattributes, mrtd, mrconfigid, mrowner, mrownerconfig, rtmr1, rtmr2, rtmr3`,
        'other software',
      ),
      field(
        'shape',
        toHex(await shape(body, nodeCrypto)),
        'the virtual machine around it: SHA-256 of a tag, xfam, rtmr0',
        'other virtual hardware',
      ),
    ],
  };
}
