import { brokenActuators, prove, rightActuator } from './broken/actuate.ts';

prove('actuator', rightActuator, brokenActuators);
