import { brokenActuators, rightActuator } from './broken/actuate.ts';
import { prove } from './proof.ts';

prove('actuator', rightActuator, brokenActuators);
