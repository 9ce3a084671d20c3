import type { AttestationCrypto } from './crypto/types';
import { fromBase64 } from './pem';
import { verifierOf, type QuoteVerifier } from './verify';

/**
 * The verifier of simulated networks, apart from the production entry point, which never leads here. The private key of
 * this root is public: what it signs proves nothing but that the code works.
 */

/** DER of the simulated root. */
export const SIMULATED_ROOT: Uint8Array = fromBase64(
  'MIICjzCCAjSgAwIBAgIUIJC+DcSjGBwPT/RPpAIrb4loXEQwCgYIKoZIzj0EAwIwaDEaMBgGA1UEAwwRSW50ZWwg' +
    'U0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFyYTELMAkG' +
    'A1UECAwCQ0ExCzAJBgNVBAYTAlVTMB4XDTE4MDUyMTEwNDUxMFoXDTQ5MTIzMTIzNTk1OVowaDEaMBgGA1UEAwwR' +
    'SW50ZWwgU0dYIFJvb3QgQ0ExGjAYBgNVBAoMEUludGVsIENvcnBvcmF0aW9uMRQwEgYDVQQHDAtTYW50YSBDbGFy' +
    'YTELMAkGA1UECAwCQ0ExCzAJBgNVBAYTAlVTMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETOsnqOmd1vd5Iz/R' +
    'Gj77OBQT5qbR9OlXG0xOiWJx7lGdUSfuOpKBBWbDjL1qfoM/d2HhzAzJ3DPOF0dDBW6PoaOBuzCBuDAfBgNVHSME' +
    'GDAWgBQgkL4NxKMYHA9P9E+kAitviWhcRDBSBgNVHR8ESzBJMEegRaBDhkFodHRwczovL2NlcnRpZmljYXRlcy50' +
    'cnVzdGVkc2VydmljZXMuaW50ZWwuY29tL0ludGVsU0dYUm9vdENBLmRlcjAdBgNVHQ4EFgQUIJC+DcSjGBwPT/RP' +
    'pAIrb4loXEQwDgYDVR0PAQH/BAQDAgEGMBIGA1UdEwEB/wQIMAYBAf8CAQEwCgYIKoZIzj0EAwIDSQAwRgIhAL96' +
    'BRYaJ7gcF+GNM1/Q5T5lp2HPDFOLzZ230h+2KQkfAiEA89xDx8GWGPM+7FJosphDbc50/UJgecIq/hTHDX9qDZ4=',
);

/** Like `createQuoteVerifier`, under the simulated root: it refuses every genuine quote. */
export function createSimulatedQuoteVerifier(crypto: AttestationCrypto): QuoteVerifier {
  return verifierOf(SIMULATED_ROOT, crypto);
}
