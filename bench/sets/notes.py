"""Short notes, as a person or an agent keeps them, and a question to each in other words."""

#: (name, note, question)
NOTES: tuple[tuple[str, str, str], ...] = (
    ("boiler", "The boiler's pressure was at 0.8 bar again; topped it up to 1.5.", "why is the heating low on water"),
    ("dentist", "Dentist moved to the 14th, half past nine. Bring the insurance card.", "when is my teeth appointment"),
    (
        "anna-birthday",
        "Anna likes the blue teapot in the shop by the station; birthday is on 3 May.",
        "what to give Anna",
    ),
    (
        "deploy-friday",
        "No releases on Fridays any more: the last two kept half the team up all night.",
        "which day must we not ship",
    ),
    (
        "pg-pool",
        "Connection pool raised from 20 to 60 on the billing database, p99 went from 900 ms to 120 ms.",
        "what made invoices faster",
    ),
    ("wifi-guest", "Guest network: name Linde, the code is on the fridge.", "how do visitors get online"),
    (
        "tomatoes",
        "Tomatoes on the balcony need water twice a day in July, else the skins split.",
        "how often to pour the plants in summer",
    ),
    ("car-tyres", "Winter tyres are in the cellar behind the bikes, tread 5 mm.", "where are the wheels for the snow"),
    (
        "retro-12",
        "Retro: standup is too long; we try writing it down in the channel for two weeks.",
        "what will we change about the daily meeting",
    ),
    (
        "lena-school",
        "Lena's class goes to the museum on Tuesday, packed lunch, rain jacket.",
        "what does the child need for the trip",
    ),
    ("oncall", "On call this week: Priya until Wednesday, then Tomas.", "who answers the pager on Thursday"),
    (
        "bread",
        "Sourdough: 500 g flour, 350 g water, 10 g salt, overnight in the fridge, 45 minutes at 240.",
        "how hot must the oven be for the loaf",
    ),
    (
        "ssl-expiry",
        "The certificate of the shop expires on 2 November, renewal needs the DNS record.",
        "what must be done for https before winter",
    ),
    (
        "grandma",
        "Grandma takes the white pill in the morning and the two pink ones after dinner.",
        "which medicine in the evening",
    ),
    (
        "flaky-test",
        "test_checkout_timeout fails one in thirty because of the clock mock; do not rerun, fix.",
        "which unit check is unreliable",
    ),
    (
        "bike-lock",
        "Combination of the bicycle lock is written inside the blue notebook.",
        "how do I open the chain of my bike",
    ),
    (
        "rent",
        "Landlord raises the rent by 40 euros from March, letter is in the folder Flat.",
        "how much more will the apartment cost",
    ),
    (
        "tokyo",
        "Tokyo: flight lands at 7:10 in Haneda, take the monorail, not a taxi.",
        "how to get from the airport to the city in Japan",
    ),
    (
        "model-names",
        "The customer calls it a workspace, we call it a tenant; in the docs always workspace.",
        "which word do we use in the manual",
    ),
    (
        "vet",
        "The cat is to have half a tablet against worms every three months, next in June.",
        "when does the pet need treatment",
    ),
    (
        "gc-pause",
        "The JVM stops for two seconds every hour; the heap is too small for the nightly import.",
        "cause of the regular freezes of the server",
    ),
    ("sofa", "The grey sofa is 2.20 m, the wall only 2.10.", "does the couch fit in the living room"),
    ("vpn", "From the train the VPN works over port 443 only.", "how to reach the office network while travelling"),
    (
        "choir",
        "Choir rehearses in the old gym until Easter, because of the mould in the parish hall.",
        "where do we sing now",
    ),
    (
        "s3-cost",
        "Half of the storage bill was old build artefacts; lifecycle rule deletes them after 30 days.",
        "how did we save money in the cloud",
    ),
    ("passport", "My passport runs out in August 2027, the ID card in May.", "are my travel papers still valid"),
    (
        "interview-mo",
        "Mo: strong in databases, slow to ask for help, would hire for the platform team.",
        "what did we think of the candidate",
    ),
    ("soup", "The lentil soup is better with a spoon of vinegar at the end.", "trick for the stew"),
    (
        "printer",
        "The printer on the second floor jams with the recycled paper, use tray 2.",
        "paper gets stuck upstairs",
    ),
    (
        "neighbour",
        "Mr Okafor takes our parcels if we are out, he is at home until three.",
        "who accepts deliveries for us",
    ),
    (
        "sql-null",
        "NOT IN with a null in the list is never true: cost me the whole afternoon.",
        "why did my query give no rows",
    ),
    (
        "gym",
        "Gym contract can be cancelled by the end of the month only, in writing.",
        "how to get out of the fitness membership",
    ),
    ("allergy", "Jonas must not eat hazelnuts, almonds are fine.", "what should we avoid when cooking for Jonas"),
    (
        "roadmap-q3",
        "Third quarter: offline mode first, then sharing; the new editor waits.",
        "what do we build next summer",
    ),
    (
        "piano",
        "The piano tuner comes every second October, his number is under Hollmann.",
        "who repairs the instrument",
    ),
    ("dark-mode", "Users of the beta want dark mode more than anything else, 41 of 60.", "most requested feature"),
    (
        "backup-check",
        "The restore of the backup took six hours and two files were missing.",
        "did getting the data back work",
    ),
    ("book-club", "Book club: next is The Left Hand of Darkness, at Maria's.", "which novel do we read"),
    ("tax", "Receipts for the desk and the chair go into this year's tax return.", "what furniture can I deduct"),
    (
        "cron-utc",
        "All the timers on the server run in UTC, so the report came an hour late after the change of clocks.",
        "why was the summary delayed in spring",
    ),
    (
        "hike",
        "The hut below the pass is closed until 15 June, carry enough water.",
        "can we sleep on the mountain in May",
    ),
    (
        "lang-choice",
        "We chose Go for the agent because of the single binary, not because of speed.",
        "reason for the programming language",
    ),
    (
        "fridge",
        "The fridge's light stays on when the door is shut: the switch sticks.",
        "something wrong in the kitchen appliance",
    ),
    (
        "prod-access",
        "Access to production only with the second key, ask Ines or Karim.",
        "who can let me into the live system",
    ),
    (
        "wedding",
        "Suzanne and Lee marry on 20 September by the lake; we bring the cake.",
        "what is our job at the marriage",
    ),
    (
        "csv-import",
        "The import stops at the first line with a semicolon in quotes; use the new parser.",
        "why does loading the table break off",
    ),
    ("glasses", "New glasses: left minus 1.75, right minus 2.25.", "how strong are my lenses"),
    ("mean-time", "It took us 47 minutes to notice and 4 to mend it.", "how long until we saw the outage"),
    ("paint", "The hallway is painted in Dove Grey 4, half a tin is left in the shed.", "colour of the corridor walls"),
    ("mentoring", "Told Aisha to write the proposal before asking for opinions.", "advice I gave about the document"),
    (
        "train-pass",
        "The commuter pass is cheaper by the year: 680 instead of 12 times 64.",
        "is the annual ticket worth it",
    ),
    (
        "feature-flag",
        "The flag new_search is on for a tenth of the customers, errors unchanged.",
        "how many people see the experiment",
    ),
    ("garden-fence", "The fence is ours, the hedge belongs to number nine.", "who has to cut the bushes"),
    (
        "laptop",
        "The old laptop's battery lasts forty minutes, replacement ordered.",
        "how long can I work without power",
    ),
    (
        "phishing",
        "The mail about the parcel was a fake: look at the sender's domain.",
        "how to recognise a fraudulent message",
    ),
    ("school-fee", "Kindergarten costs 310 a month from autumn, lunch included.", "price of child care"),
    (
        "memory-leak",
        "The worker grows by 30 MB an hour since the image library was updated; pinned the old one.",
        "why does the process need more and more RAM",
    ),
    ("curtains", "Curtains for the bedroom: 2 pieces, 140 wide, 245 long, dark.", "size of the window cloth"),
    (
        "coffee",
        "The machine wants descaling when the red lamp blinks twice.",
        "what does the blinking of the espresso maker mean",
    ),
    (
        "standby",
        "The replica lags by ten minutes at noon because of the export; moved it to 3 a.m.",
        "why was the copy of the database behind",
    ),
    ("dog", "Bruno is afraid of fireworks, close the shutters on New Year's Eve.", "how to calm the dog"),
    (
        "contract-anne",
        "Anne's contract ends in December; she would like to stay for four days a week.",
        "who wants part time",
    ),
    (
        "keyboard",
        "Press the two shift keys at once to wake the keyboard after a reboot.",
        "typing does not work after starting",
    ),
    ("ski", "Skis: edges sharpened, bindings set to 72 kg.", "is the winter equipment ready"),
    (
        "api-limit",
        "The weather service allows 60 calls a minute, then answers 429 for an hour.",
        "why are forecasts missing",
    ),
    ("uncle-ben", "Uncle Ben's new address is Mill Lane 8, the bell says Carter.", "where does my uncle live now"),
    (
        "noise",
        "The humming at night comes from the ventilation of the bakery, they will have it mended.",
        "source of the sound we hear in bed",
    ),
    (
        "onboarding",
        "On the first day: badge at the desk, laptop from Eli, lunch with the team at noon.",
        "what happens when somebody starts here",
    ),
    (
        "yoghurt",
        "Home-made yoghurt: milk to 90, cool to 43, a spoon of the last one, eight hours in the warm oven.",
        "temperature for the cultures",
    ),
    (
        "escrow",
        "The notary wants the land register extract before we sign.",
        "which paper is needed for buying the house",
    ),
    (
        "utf8",
        "The names were garbled because the file was Latin-1 and we read it as UTF-8.",
        "why did umlauts look wrong",
    ),
    ("sunday", "On Sunday the pool opens at eight and it is empty until ten.", "best time to swim on the weekend"),
)
