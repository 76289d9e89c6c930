//! Counts the words of standard input and prints the most frequent ones.
//!
//!     wordcount [HOW_MANY]        10 by default

use std::collections::HashMap;
use std::io::{self, BufRead, Write};
use std::process;

fn count(input: impl BufRead) -> io::Result<HashMap<String, usize>> {
    let mut counts = HashMap::new();
    for line in input.lines() {
        for word in line?.split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                *counts.entry(word.to_lowercase()).or_insert(0) += 1;
            }
        }
    }
    Ok(counts)
}

fn print_most_frequent(counts: HashMap<String, usize>, how_many: usize) -> io::Result<()> {
    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
    words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut output = io::stdout().lock();
    for (word, count) in words.iter().take(how_many) {
        writeln!(output, "{:7} {}", count, word)?;
    }
    Ok(())
}

fn main() {
    let how_many = match std::env::args().nth(1).map(|text| text.parse()) {
        None => 10,
        Some(Ok(number)) => number,
        Some(Err(error)) => {
            eprintln!("wordcount: how many words? {}", error);
            process::exit(2);
        }
    };
    if let Err(error) = count(io::stdin().lock()).and_then(|c| print_most_frequent(c, how_many)) {
        eprintln!("wordcount: {}", error);
        process::exit(1);
    }
}
