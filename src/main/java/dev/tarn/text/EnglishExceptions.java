package dev.tarn.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The chunks that the English tokenizer cuts by a list instead of by punctuation, as spaCy 2.0.18 has them: contractions,
 * times, abbreviations, emoticons. Each entry is written as its tokens; the chunk is what they make when joined.
 */
final class EnglishExceptions {

    /** Contractions that are words of their own when written without the apostrophe. */
    private static final List<String> WORDS =
            words("Ill ill Its its Hell hell Shell shell Shed shed were Were Well well Whore whore");

    private static final List<String> EMOTICONS = words("""
            :) :-) :)) :-)) :))) :-))) (: (-: =) (= ") :] :-] [: [-: :o) (o: :} :-} 8) 8-) (-8 ;) ;-) (; (-;
            :( :-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ =| :| :-| :1 :P :-P :p :-p
            :O :-O :o :-o :0 :-0 :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D ;-D =D xD XD xDD XDD 8D 8-D
            ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V o_o o_O O_o O_O 0_o o_0 0_0
            o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-) (._.) (>_<) (*_*) (¬_¬)
            ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>
            """);

    private static final List<String> ABBREVIATIONS = words("""
            Mt. Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun.
            Kan. Kans. Ky. La. Mar. Mass. May. Mich. Minn. Miss. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct.
            Okla. Ore. Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis. a.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen.
            Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo. Mont. Mr. Mrs. Ms. p.m. Ph.D. Rep. Rev. Sen. St. vs.
            ä. ö. ü. C++ <space> and/or w/o
            """);

    private static final List<String> APOSTROPHES = words("""
            ' '' 'd 'S 's ‘S ‘s 're 'Cause 'cause 'cos 'Cos 'coz 'Coz 'cuz 'Cuz 'bout ma'am Ma'am o'clock O'clock
            lovin' Lovin' lovin Lovin havin' Havin' havin Havin cause em 'em ll 'll nuff 'nuff
            """);

    private final Map<String, List<String>> table = new HashMap<>(2048);

    private EnglishExceptions() {}

    /** A new table of chunks to their tokens; it belongs to the caller. */
    static Map<String, List<String>> table() {
        EnglishExceptions all = new EnglishExceptions();
        all.addContractions();
        all.addTimes();
        WORDS.forEach(all.table::remove);
        all.addWhole();
        all.addTypographicApostrophes();
        return all.table;
    }

    private static List<String> words(String text) {
        return Arrays.stream(text.split("\\s+")).filter(word -> !word.isEmpty()).toList();
    }

    private void add(String... tokens) {
        table.put(String.join("", tokens), List.of(tokens));
    }

    /** Adds the tokens as they are and with a capital. */
    private void addBoth(String... tokens) {
        add(tokens);
        tokens[0] = capital(tokens[0]);
        add(tokens);
    }

    private static String capital(String word) {
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }

    /** Adds the word with each ending, with and without apostrophes, and with a capital. */
    private void addEndings(String word, Stream<String> endings) {
        endings.forEach(ending -> {
            String[] tokens = (word + " " + ending).split(" ");
            addBoth(tokens.clone());
            for (int i = 1; i < tokens.length; i++) {
                tokens[i] = tokens[i].replace("'", "");
            }
            addBoth(tokens);
        });
    }

    private void addContractions() {
        addEndings("i", Stream.of("'m", "'m a"));
        for (String pronoun : words("i you he she it we they")) {
            addEndings(pronoun, Stream.of("'ll", "'ll 've", "'d", "'d 've"));
        }
        for (String pronoun : words("i you we they")) {
            addEndings(pronoun, Stream.of("'ve"));
        }
        for (String pronoun : words("you we they")) {
            addEndings(pronoun, Stream.of("'re"));
        }
        for (String pronoun : words("he she it")) {
            addEndings(pronoun, Stream.of("'s"));
        }
        for (String word : words("who what when where why how there that")) {
            addEndings(word, Stream.of("'s", "'ll", "'ll 've", "'re", "'ve", "'d", "'d 've"));
        }
        for (String verb : words("ca could do does did had may might must need ought sha should wo would")) {
            addEndings(verb, Stream.of("n't", "n't 've"));
        }
        for (String verb : words("could might must should would")) {
            addEndings(verb, Stream.of("'ve"));
        }
        for (String verb : words("ai are is was were have has dare")) {
            addEndings(verb, Stream.of("n't"));
        }
        addBoth("how", "'d", "'y");
        addEndings("not", Stream.of("'ve"));
        addBoth("can", "not");
        addBoth("gon", "na");
        addBoth("got", "ta");
        addBoth("let", "'s");
        add("y'", "all");
        add("y", "all");
    }

    private void addTimes() {
        for (int hour = 1; hour <= 12; hour++) {
            for (String half : words("a.m. am p.m. pm")) {
                add(Integer.toString(hour), half);
            }
        }
    }

    private void addWhole() {
        for (String word : words("doin goin nothin nuthin ol somethin")) {
            addBoth(word);
            addBoth(word + "'");
        }
        for (char c = 'a'; c <= 'z'; c++) {
            add(c + ".");
        }
        Stream.of(EMOTICONS, ABBREVIATIONS, APOSTROPHES).flatMap(List::stream).forEach(this::add);
        // Escapes as they look when a text was written out by a program, and an odd emoticon.
        Stream.of("\\t", "\\n", "\\\")", "—", " ", "\t", "\n", "\u00A0").forEach(this::add);
    }

    /** Adds every entry that has an apostrophe once more with the typographic one. */
    private void addTypographicApostrophes() {
        for (Map.Entry<String, List<String>> entry : Map.copyOf(table).entrySet()) {
            if (entry.getKey().indexOf('\'') >= 0) {
                add(entry.getValue().stream()
                        .map(token -> token.replace('\'', '’'))
                        .toArray(String[]::new));
            }
        }
    }
}
