package dev.tarn.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tarn.DataException;
import dev.tarn.run.JsonEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.IntPredicate;

/** An endpoint that says back what it was asked, as soon as the test opens it. */
final class Gate implements Endpoint<String> {

    /** What the model is working on. */
    final BlockingQueue<List<String>> begun = new LinkedBlockingQueue<>();

    /** Whether the first of what the model worked on was still wanted at the end. */
    final BlockingQueue<Boolean> wanted = new LinkedBlockingQueue<>();

    private final CountDownLatch open = new CountDownLatch(1);

    void open() {
        open.countDown();
    }

    @Override
    public String path() {
        return "/say";
    }

    @Override
    public JsonEvent model() {
        return JsonEvent.object().with("kind", "gate");
    }

    @Override
    public String read(byte[] body) {
        String text = new String(body, UTF_8);
        if (text.equals("unreadable")) {
            throw new DataException("The body is unreadable; send another.");
        }
        return text;
    }

    @Override
    public List<JsonEvent> answer(List<String> requests, IntPredicate isWanted) {
        begun.add(requests);
        try {
            open.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        wanted.add(isWanted.test(0));
        List<JsonEvent> answers = new ArrayList<>();
        for (String request : requests) {
            if (request.equals("broken")) {
                throw new IllegalStateException("a secret of the server");
            }
            if (request.equals("foreign")) {
                throw new DataException("The text is foreign; send another.");
            }
            answers.add(JsonEvent.object().with("said", request));
        }
        return answers;
    }
}
