package dev.tarn.checkpoint;

import dev.tarn.CheckpointException;
import dev.tarn.run.FileErrors;
import dev.tarn.text.Vocab;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A vocabulary as fastai v1 keeps it, {@code itos_wt103.pkl}: the pickle, of protocol 2 to 5, of a list of texts. What a
 * pickle may hold and what reading one costs is said at {@link PickleReader}.
 */
public final class ItosPickle {

    private ItosPickle() {}

    /**
     * Reads a vocabulary.
     *
     * @throws CheckpointException if the file is missing, damaged, or holds anything but a list of texts
     */
    public static Vocab read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException("There is no vocabulary " + file + "; check the path.");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            PickleInput in = new PickleInput(file.toString(), channel, 0, channel.size());
            Object root = PickleReader.read(in, PickleReader.NO_IDS);
            if (in.position() != channel.size()) {
                throw in.broken("something follows the vocabulary");
            }
            if (!(root instanceof List<?> list) || list.isEmpty()) {
                throw in.broken("it is not a list of tokens");
            }
            List<String> itos = new ArrayList<>(list.size());
            for (Object token : list) {
                if (!(token instanceof String text)) {
                    throw in.broken("entry " + itos.size() + " of the list is not a text");
                }
                itos.add(text);
            }
            return Vocab.of(itos);
        } catch (IOException e) {
            throw new CheckpointException("Cannot read " + file + ": " + FileErrors.reason(e) + ".", e);
        }
    }
}
