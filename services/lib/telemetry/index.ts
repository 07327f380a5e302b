export { type AdminServer, type AdminServerOptions, startAdminServer } from './admin-server.ts';
export { startExpiry, sweepIdle } from './expiry.ts';
export { Family } from './family.ts';
export { LOG_LEVELS, LogFilter, type LogLevel, parseLogLevel } from './log-filter.ts';
export { createLogger, type LogFields, type Logger, type LoggerOptions, type LogSpan } from './logger.ts';
export { Registry, type RegistryOptions } from './registry.ts';
export {
  CounterSeries,
  escapeLabelValue,
  GaugeSeries,
  HistogramSeries,
  type Labels,
  renderLabels,
} from './series.ts';
