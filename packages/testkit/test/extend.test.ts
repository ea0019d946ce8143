import { prove } from './broken/actuate.ts';
import { brokenExtensions, rightExtension } from './broken/extend.ts';

prove('extension', rightExtension, brokenExtensions);
