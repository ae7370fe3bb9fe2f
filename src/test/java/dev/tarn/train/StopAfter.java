package dev.tarn.train;

/** Ends a fit after so many steps of it. */
record StopAfter(long steps) implements Callback {

    @Override
    public void onBatchEnd(Step step) {
        if (step.iteration() + 1 == steps) {
            step.learner().stop();
        }
    }
}
