import { prove } from './broken/actuate.ts';
import { brokenProfilers, rightProfiler } from './broken/profile.ts';

prove('profiler', rightProfiler, brokenProfilers);
