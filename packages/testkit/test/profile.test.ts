import { brokenProfilers, rightProfiler } from './broken/profile.ts';
import { prove } from './proof.ts';

prove('profiler', rightProfiler, brokenProfilers);
