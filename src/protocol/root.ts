/** Whose signature vouches for hardware: Intel's, or that of the simulated root, whose private keys are public. */
export type Root = 'intel' | 'simulated';
