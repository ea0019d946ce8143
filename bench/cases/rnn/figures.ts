/** What one run of one backend prints. */
export interface Figures {
  readonly version: string;
  /** CPU seconds of the training, on all threads. */
  readonly cpuS: number;
  /** Mean loss over the last epoch. */
  readonly loss: number;
  /** Wall time of predicting 1,000 windows, the second time. */
  readonly predictMs: number;
  readonly loadMs: number;
  /** Most memory that the process held. */
  readonly rssMb: number;
}
