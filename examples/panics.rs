//! Looks past the end of a vector: Rust panics, and what a panic ends in is a trap.

fn main() {
    let numbers: Vec<u32> = (1..=3).collect();
    let index = std::env::args().count() + 6;
    println!("about to read number {} of {}", index, numbers.len());
    println!("{}", numbers[index]);
}
