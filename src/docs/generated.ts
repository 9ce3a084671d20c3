import { channelVectorFiles } from './channelVectors';
import { openApiDocument } from '../client/gateway';
import { withGasFigures } from './gasFigures';
import { replaceSection } from './sections';
import { errorTable, evidenceTable, protocolSections, quoteTroubleTable } from './tables';
import { vectorFiles, vectorText } from './vectors';

/**
 * Everything committed that follows from code: tables between markers, golden vectors. It is a room of its own
 * because it reads all of `protocol` and `channel` and is read by nothing: the programs carry none of it.
 */
export interface GeneratedFile {
  /** From the root of the project. */
  path: string;
  /** The whole file as it should be, given what it is now; vectors ignore that. */
  render(current: string): string;
}

export function generatedFiles(): GeneratedFile[] {
  const vectors = [
    ...vectorsOf('src/protocol/vectors', vectorFiles()),
    ...vectorsOf('src/channel/vectors', channelVectorFiles()),
  ];
  return [
    { path: 'docs/flows.md', render: withGasFigures },
    { path: 'docs/onchain-attestation.md', render: withGasFigures },
    { path: 'docs/audit.md', render: (page) => replaceSection(page, 'evidence links', evidenceTable()) },
    { path: 'docs/errors.md', render: (page) => replaceSection(page, 'errors', errorTable()) },
    {
      path: 'docs/operate-worker.md',
      render: (page) => replaceSection(page, 'quote troubles', quoteTroubleTable()),
    },
    {
      path: 'docs/protocol.md',
      render: (page) =>
        Object.entries(protocolSections()).reduce(
          (text, [name, body]) => replaceSection(text, name, body),
          page,
        ),
    },
    { path: 'docs/openapi.json', render: () => `${JSON.stringify(openApiDocument(), null, 2)}\n` },
    ...vectors,
  ];
}

function vectorsOf(folder: string, files: Record<string, unknown[]>): GeneratedFile[] {
  return Object.entries(files).map(([name, entries]) => ({
    path: `${folder}/${name}.json`,
    render: () => vectorText(entries),
  }));
}
