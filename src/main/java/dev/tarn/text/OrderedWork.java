package dev.tarn.text;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Does the same work on many items in parallel and hands the results on in the order of the items.
 *
 * <p>Memory is bounded: at most three tasks for each thread are read ahead of the result that is handed on next. Every thread
 * has ended when a method here returns or throws.
 */
final class OrderedWork {

    private static final int TASKS_PER_THREAD = 3;

    /** Enough text for a task to outweigh its hand-over by far, and little enough for an even load. */
    private static final int BATCH_CHARS = 1 << 16;

    private static final int BATCH_DOCUMENTS = 1024;

    private OrderedWork() {}

    /**
     * Runs {@code work} on each task on {@code threads} threads, or on the caller's own if that is 1.
     *
     * @param tasks read on the calling thread only
     * @param sink called on the calling thread only, in the order of the tasks
     * @throws IllegalArgumentException if {@code threads} is below 1
     * @throws RuntimeException the first exception, in the order of the tasks, that reading, work or sink threw
     */
    static <A, B> void run(
            Iterator<? extends A> tasks, int threads, Function<? super A, ? extends B> work, Consumer<? super B> sink) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", must be at least 1");
        }
        if (threads == 1) {
            tasks.forEachRemaining(task -> sink.accept(work.apply(task)));
            return;
        }
        ExecutorService pool = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "tarn-text");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Deque<Future<? extends B>> pending = new ArrayDeque<>();
            while (tasks.hasNext() || !pending.isEmpty()) {
                while (pending.size() < threads * TASKS_PER_THREAD && tasks.hasNext()) {
                    A task = tasks.next();
                    pending.add(pool.submit(() -> work.apply(task)));
                }
                sink.accept(await(pending.remove()));
            }
        } finally {
            pool.shutdownNow();
            join(pool);
        }
    }

    private static <B> B await(Future<? extends B> result) {
        try {
            return result.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException("a task failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while waiting for a task");
        }
    }

    /** Waits for the threads even while interrupted; tasks that have begun run to their end. */
    private static void join(ExecutorService pool) {
        boolean interrupted = false;
        while (true) {
            try {
                if (pool.awaitTermination(1, TimeUnit.HOURS)) {
                    break;
                }
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Like {@link #run}, for documents: several short ones make a task. */
    static <B> void eachDocument(
            Iterator<String> documents, int threads, Function<String, ? extends B> work, Consumer<? super B> sink) {
        run(
                batches(documents),
                threads,
                batch -> {
                    List<B> results = new ArrayList<>(batch.size());
                    for (String document : batch) {
                        results.add(work.apply(document));
                    }
                    return results;
                },
                results -> results.forEach(sink));
    }

    private static Iterator<List<String>> batches(Iterator<String> documents) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return documents.hasNext();
            }

            @Override
            public List<String> next() {
                if (!documents.hasNext()) {
                    throw new NoSuchElementException();
                }
                List<String> batch = new ArrayList<>();
                int chars = 0;
                while (documents.hasNext() && chars < BATCH_CHARS && batch.size() < BATCH_DOCUMENTS) {
                    String document = documents.next();
                    chars += document.length();
                    batch.add(document);
                }
                return batch;
            }
        };
    }
}
