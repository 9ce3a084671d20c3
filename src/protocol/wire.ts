/** How clients, routers and workers meet; docs/wire.md says it in words. */
export * from './envelope';
export * from './evidence';
export * from './frames';
export * from './offers';
