//! The rules: what each is called, what it means, and where that is written down.

probity_sdk::rules! {
    AUTHOR_AFTER_COMMIT "author-after-commit" dates
        "medium beyond a day, low beyond an hour: a commit was written after it was made. Both dates come from clocks of makers, so one of these was wrong, or somebody wrote the date by hand. \
         Of the newest 1000 commits of twelve large projects one goes beyond an hour and none beyond a day."
        "https://git-scm.com/docs/git-commit#_date_formats"
    BACKDATED "backdated" dates
        "medium on the main line, low on a branch that was merged: a commit was made more than a day before the one that it builds upon. The clock was wrong, or the dates were written by hand or taken over \
         from elsewhere (git am and git rebase with --committer-date-is-author-date). Of the main lines of twelve large projects none had one among the newest 1000 commits; that of xz had five when it was taken over. Ask who made it when."
        "https://rheaeve.substack.com/p/xz-backdoor-times-damned-times-and"
    SAME_SECOND "same-second" dates
        "low: five or more commits in a row were written by one person in the same second. A program did that, such as git rebase --reset-author-date, and nobody knows when the work was done."
        "https://git-scm.com/docs/git-rebase#Documentation/git-rebase.txt---reset-author-date"
    MANY_OFFSETS "many-offsets" dates
        "low: one person wrote in more than two time zones, summer time and UTC left out. People travel; but several may write under one name."
        "https://rheaeve.substack.com/p/xz-backdoor-times-damned-times-and"
    TWO_PLACES "two-places" dates
        "low: one person wrote in two time zones that are three hours or more apart, in less time than the sun takes from one to the other. People work on machines elsewhere; but the one who took \
         xz over seems to have forgotten twice to set the clock of another country. Of twelve large projects two have such a pair among the newest 1000 commits."
        "https://rheaeve.substack.com/p/xz-backdoor-times-damned-times-and"
}
