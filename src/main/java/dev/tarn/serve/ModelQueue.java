package dev.tarn.serve;

import dev.tarn.run.JsonEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Requests that wait for the model, first come first served. Any thread may put one in; the thread that owns the model
 * calls {@link #run} and answers them, several at once.
 */
final class ModelQueue<Q> {

    private final Endpoint<Q> endpoint;
    private final int capacity;
    private final int batch;
    private final Deque<Job<Q>> jobs = new ArrayDeque<>();
    private boolean isClosed;

    /**
     * A request and where its answer goes. One that nobody waits for any more has been given up, and its answer is done.
     */
    record Job<Q>(Q request, CompletableFuture<JsonEvent> answer) {}

    /**
     * @param capacity how many requests may wait
     * @param batch how many are answered at once
     */
    ModelQueue(Endpoint<Q> endpoint, int capacity, int batch) {
        this.endpoint = endpoint;
        this.capacity = capacity;
        this.batch = batch;
    }

    /** Puts a request in; false where there is no room. */
    synchronized boolean offer(Job<Q> job) {
        if (isClosed || jobs.size() >= capacity) {
            return false;
        }
        jobs.add(job);
        notifyAll();
        return true;
    }

    /** Gives a request up: it leaves the queue, or the model is told at its next step. */
    void giveUp(Job<Q> job) {
        if (job.answer().cancel(false)) {
            synchronized (this) {
                jobs.remove(job);
            }
        }
    }

    synchronized int size() {
        return jobs.size();
    }

    /** Answers requests until the queue is closed and empty. */
    void run() {
        while (waits()) {
            List<Job<Q>> next = take();
            if (!next.isEmpty()) {
                answer(next);
            }
        }
    }

    /** Lets {@link #run} return once what is in the queue has been answered. */
    synchronized void close() {
        isClosed = true;
        notifyAll();
    }

    /** Waits for a request; false where none will come. */
    private synchronized boolean waits() {
        boolean interrupted = false;
        while (jobs.isEmpty() && !isClosed) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
                isClosed = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return !jobs.isEmpty();
    }

    private synchronized List<Job<Q>> take() {
        List<Job<Q>> taken = new ArrayList<>();
        while (taken.size() < batch && !jobs.isEmpty()) {
            Job<Q> job = jobs.remove();
            if (!job.answer().isDone()) {
                taken.add(job);
            }
        }
        return taken;
    }

    private void answer(List<Job<Q>> batched) {
        try {
            List<JsonEvent> answers = endpoint.answer(
                    batched.stream().map(Job::request).toList(),
                    index -> !batched.get(index).answer().isDone());
            for (int i = 0; i < batched.size(); i++) {
                batched.get(i).answer().complete(answers.get(i));
            }
        } catch (RuntimeException | Error failure) {
            if (batched.size() == 1) {
                batched.get(0).answer().completeExceptionally(failure);
                return;
            }
            // One of them fails the others: alone it fails itself.
            for (Job<Q> job : batched) {
                answer(List.of(job));
            }
        }
    }
}
