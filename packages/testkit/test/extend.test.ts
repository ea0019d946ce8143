import { brokenExtensions, rightExtension } from './broken/extend.ts';
import { prove } from './proof.ts';

prove('extension', rightExtension, brokenExtensions);
