import { writePage } from './page';

// `npx tsx tests/e2e/clients/main.ts` writes docs/compatibility.md anew; what it says is true once the tests have run.
writePage();
