/* SPDX-License-Identifier: MIT */
/* The worker: a fresh process that tries rows or runs one launch. */
#ifndef SYSCOST_WORKER_H
#define SYSCOST_WORKER_H

/* The hidden first argument by which the launcher starts the same binary as
 * a worker; behind it stand the two descriptors: job in, messages out. */
#define WORKER_ARGUMENT "--worker="

/* Does the job and sends the answers; what main returns: 0 or 3. */
int worker_main(const char *descriptors);

#endif
