// The FunC compiler and the chain's emulator are WebAssembly, instantiated from their bytes for each contract and each chain. The
// machine code that the engine made of them, and improved as it ran, would be thrown away each time.

interface Engine {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(source: object, imports: object): Promise<object>;
}

/** From now on the same bytes are compiled once in this process. */
export function keepMachineCode(): void {
  const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly;
  const { compile, instantiate } = engine;
  // Two programs of one length do not occur among the two that there are.
  const modules = new Map<number, Promise<object>>();
  engine.instantiate = async (source, imports) => {
    if (!(source instanceof Uint8Array)) return instantiate(source, imports);
    const module = modules.get(source.byteLength) ?? compile(source);
    modules.set(source.byteLength, module);
    return { module: await module, instance: await instantiate(await module, imports) };
  };
}
