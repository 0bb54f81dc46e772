/* SPDX-License-Identifier: BSD-3-Clause */
/* What the scenarios share: how wrong instants are counted and reported. */
#ifndef FAULTS_FAULTS_H
#define FAULTS_FAULTS_H

#include "model.h"
#include "vm.h"

/** After so many the rest is not tried. */
#define WRONG_MAX 20

/** What a scenario found. */
struct tally {
	const char *scenario;
	unsigned int instants;
	unsigned int resumed;
	unsigned int booted;
	unsigned int refused;
	unsigned int calls; /**< Of the path. */
	bool every_call; /**< Is an instant, and not only each that changes a file. */
	unsigned int wrong;
	struct model_result model;
};

/** Report that an instant ended in what must not be. */
__attribute__((format(printf, 3, 4))) void wrong(struct tally *tally, const char *instant,
						 const char *format, ...);

/** A model_judge of a start from a file: a guest runs only once no record names that. */
const char *judge_spent(const struct crash *crash, void *context);

/** Judge all states that a power failure can leave of the run that is over. */
void judge_power(struct tally *tally, const char *instant, const struct trace *trace,
		 const struct model_files *files, const char *announcement, model_judge judge,
		 void *context);

/** See that the model misses what is left out. */
void judge_omission(struct tally *tally, enum model_omission omission, const char *what,
		    const struct trace *trace, const struct model_files *files,
		    const char *announcement, model_judge judge, void *context);

/** Kill a run at each instant of its path, early and late in turn, and end with one that is not. */
void kill_at_each(struct vm *vm, struct tally *tally,
		  void (*run_killed)(struct vm *vm, struct tally *tally, unsigned int at));

/** Its console must have @word and @number, and be that of one guest. */
void judge_sleeper(struct vm *vm, struct tally *tally, const char *instant, const char *word,
		   uint64_t number);

void hibernate_killed(struct vm *vm, struct tally *tally);
void hibernate_fails(struct vm *vm, struct tally *tally);
void start_killed(struct vm *vm, struct tally *tally);
void save_killed(struct vm *vm, struct tally *tally);
void save_fails(struct vm *vm, struct tally *tally);
void restore_killed(struct vm *vm, struct tally *tally);
void park_killed(struct vm *vm, struct tally *tally);
void park_fails(struct vm *vm, struct tally *tally);
void park_again_killed(struct vm *vm, struct tally *tally);
void park_again_fails(struct vm *vm, struct tally *tally);
void park_saved_killed(struct vm *vm, struct tally *tally);
void park_started_killed(struct vm *vm, struct tally *tally);

#endif
