/** The gateway's API as an OpenAPI 3.1 document. */
export function openApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Confidential compute: the local gateway', version: '1' },
    paths: {},
  };
}
