export { type Limits, type RemoteOptions, type RemotePredictorConfig, remoteConfig, remotePredictorConfig } from './config.ts';
export { type IsolateOptions, isolate } from './isolate.ts';
export { declare, remoteActuator, remoteAlertSink, remoteCalendar, remotePredictor, remoteSource } from './plugins.ts';
