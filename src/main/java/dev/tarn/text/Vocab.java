package dev.tarn.text;

import dev.tarn.ConfigException;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The tokens that a model knows, each with its id.
 *
 * <p>Ids 0 to 8 are the {@link SpecialToken}s of every vocabulary that {@link #create} makes. A token that is not there has
 * id 0. Immutable, and so safe for many threads.
 *
 * <p>As in fastai the list may hold a token twice: the filler {@value #FILLER} stands as often as the size needs to become a
 * multiple of eight, which matrix products like. The id of such a token is its last place.
 */
public final class Vocab {

    /** fastai's {@code max_vocab}. */
    public static final int DEFAULT_MAX_VOCAB = 60_000;

    /** fastai's {@code min_freq} in its data-block interface; its factory methods have 2. */
    public static final int DEFAULT_MIN_FREQ = 3;

    /** Fills a vocabulary up; no text holds it, so it is never predicted once a model has learned a little. */
    public static final String FILLER = "xxfake";

    private static final int MULTIPLE = 8;

    private final List<String> itos;
    private final Object2IntOpenHashMap<String> stoi;

    private Vocab(List<String> itos) {
        this.itos = List.copyOf(itos);
        stoi = new Object2IntOpenHashMap<>(itos.size());
        stoi.defaultReturnValue(SpecialToken.UNK.id());
        for (int i = 0; i < itos.size(); i++) {
            stoi.put(itos.get(i), i);
        }
    }

    /**
     * The vocabulary of a corpus: the special tokens, then the others from frequent to rare, those of equal count by first
     * appearance.
     *
     * <p>This is fastai's {@code Vocab.create} from 1.0.53 on, down to its order of steps: the {@code maxVocab} most frequent
     * tokens are taken, rare ones dropped, special ones moved to the front, the list cut to {@code maxVocab}, and filled up
     * to a multiple of eight only if it is then shorter than {@code maxVocab}.
     *
     * @param maxVocab the most entries, special tokens included
     * @param minFreq the least occurrences of an entry that is not special
     * @throws ConfigException if {@code maxVocab} leaves no place beside the special tokens or {@code minFreq} is below 1
     */
    public static Vocab create(TokenCounts counts, int maxVocab, int minFreq) {
        List<String> special = SpecialToken.texts();
        if (maxVocab <= special.size()) {
            throw new ConfigException("max-vocab is " + maxVocab + ", but the special tokens alone take "
                    + special.size() + " places: use a larger one, such as " + DEFAULT_MAX_VOCAB + ".");
        }
        if (minFreq < 1) {
            throw new ConfigException("min-freq is " + minFreq + ", but must be at least 1, which keeps every token.");
        }
        List<String> itos = new ArrayList<>(special);
        for (String token : counts.mostCommon(maxVocab, minFreq)) {
            if (!special.contains(token) && itos.size() < maxVocab) {
                itos.add(token);
            }
        }
        if (itos.size() < maxVocab) {
            while (itos.size() % MULTIPLE != 0) {
                itos.add(FILLER);
            }
        }
        return new Vocab(itos);
    }

    /**
     * The vocabulary that loses no token of a corpus, for perplexities that are compared over a closed vocabulary.
     *
     * <p>WikiText-2 has 33,278 types; with nine special tokens and a filler this has 33,288 entries. The ten that no text
     * holds cost a trained model nothing that a perplexity would show. {@code <unk>} is an ordinary token here.
     */
    public static Vocab whole(TokenCounts counts) {
        return create(counts, Integer.MAX_VALUE, 1);
    }

    /** A vocabulary with exactly these entries; the id of each is its place. */
    public static Vocab of(List<String> itos) {
        return new Vocab(itos);
    }

    /** How many ids there are. */
    public int size() {
        return itos.size();
    }

    /** The id of a token; 0 if the vocabulary does not have it. */
    public int id(String token) {
        return stoi.getInt(token);
    }

    /** Whether the token has an id of its own. */
    public boolean contains(String token) {
        return stoi.containsKey(token);
    }

    /**
     * The token of an id.
     *
     * @throws IndexOutOfBoundsException if the id is negative or not below {@link #size()}
     */
    public String token(int id) {
        return itos.get(id);
    }

    /** All tokens in the order of their ids; immutable. */
    public List<String> itos() {
        return itos;
    }

    /** The ids of tokens, in a new array. */
    public int[] numericalize(List<String> tokens) {
        int[] ids = new int[tokens.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = id(tokens.get(i));
        }
        return ids;
    }

    /**
     * The tokens of ids with a space between them.
     *
     * @throws IndexOutOfBoundsException if an id is negative or not below {@link #size()}
     */
    public String textify(int[] ids) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < ids.length; i++) {
            text.append(i == 0 ? "" : " ").append(token(ids[i]));
        }
        return text.toString();
    }

    /**
     * Writes the tokens as a JSON array of strings, one a line, in place of a file that may be there.
     *
     * @throws dev.tarn.DataException if it cannot be written; what was there before is then untouched
     */
    public void save(Path file) {
        VocabFile.write(file, itos);
    }

    /**
     * Reads what {@link #save} wrote, or any other JSON array of strings.
     *
     * @throws dev.tarn.DataException if the file cannot be read or is something else
     */
    public static Vocab load(Path file) {
        return new Vocab(VocabFile.read(file));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Vocab vocab && vocab.itos.equals(itos);
    }

    @Override
    public int hashCode() {
        return itos.hashCode();
    }

    @Override
    public String toString() {
        return "Vocab[" + size() + " tokens]";
    }
}
