"""What people keep in the course of a day: mails, chats, notes of meetings, lists; and a question to each.

Longer than the notes of notes.py, and asked as people ask: with some of its words, or none. Written before a result was
looked at. Every second is only measured, as there.
"""

#: (name, text, question)
EVERYDAY: tuple[tuple[str, str, str], ...] = (
    (
        "mail-plumber",
        "From: Jonas Weber\nSubject: Your kitchen sink\n\nHello, I can come on Thursday between 8 "
        "and 10. Please empty the cupboard below the sink. The siphon costs about 40 euros, the "
        "hour is 65. Regards, Jonas",
        "what does the plumber charge an hour",
    ),
    (
        "chat-pizza",
        "Mia: who's in for pizza tonight?\nBen: me, but no olives\nMia: ok, 7 at Luigi's, I booked "
        "for six\nTara: can't, kid is ill",
        "where do we eat tonight and for how many is the table",
    ),
    (
        "standup-0412",
        "Standup 12 April. Ravi: importer is stuck on the encoding of old CSV files. Sofia: "
        "reviewed the pricing page, two bugs open. Blocked: nobody has access to the staging bucket "
        "until Klaus is back.",
        "why can't we reach the staging storage",
    ),
    (
        "mail-visa",
        "Dear Ms Ortiz, your passport is ready for collection. Bring the receipt and one proof of "
        "address. We are closed on public holidays. Consulate General",
        "what do I need to pick up my travel document",
    ),
    (
        "packing",
        "Packing for the hut: sleeping bag liner, head torch, blister plasters, cash because there "
        "is no card reader, earplugs, swimming things for the lake",
        "do I need money in notes at the hut",
    ),
    (
        "chat-printer",
        "ana: printer on 3rd floor says tray 2 jammed again\nit-help: open the back flap, pull the "
        "green lever, then power cycle\nana: worked, thanks!",
        "how to fix the paper jam upstairs",
    ),
    (
        "retro-apr",
        "What went well: pairing on the parser, fewer incidents. What did not: too many meetings on "
        "Mondays, review took three days on average. Try: no meetings before eleven, reviews within "
        "a day.",
        "how long did code reviews take",
    ),
    (
        "mail-landlord",
        "Dear tenants, on 3 June from 9 to 14 the hot water will be turned off in the whole house, "
        "because the meters are exchanged. The technician must get into every flat. Leave a key "
        "with the caretaker if you are away.",
        "when is there no warm water",
    ),
    (
        "recipe-soup",
        "Lentil soup as Oma makes it: fry onion and carrot, add a cup of red lentils, one litre of "
        "broth, cumin, 20 minutes. Vinegar at the end, not lemon!",
        "how long do the lentils cook",
    ),
    (
        "chat-keys",
        "Paul: did anybody see my keys?\nNora: red key ring? lying on the piano\nPaul: you're the best",
        "where had Paul left his keys",
    ),
    (
        "invoice-note",
        "Invoice 2024-118 to Hartmann GmbH is still open, 3,400 euros, due on 15 March. Second "
        "reminder sent by post, call Mrs Lindner if nothing comes by Friday.",
        "which customer has not paid yet",
    ),
    (
        "gym",
        "Physio says: no running for four weeks, cycling is fine below 120 watts, stretch the calf "
        "three times a day, come again on the 9th.",
        "which sport am I allowed while the leg heals",
    ),
    (
        "mail-hotel",
        "Thank you for your reservation of a double room with sea view from 12 to 19 July. Free "
        "cancellation until 5 July. Parking is 15 euros a night, please tell us the number plate. "
        "Breakfast from 7.",
        "until when can the holiday room be called off for free",
    ),
    (
        "db-incident",
        "Incident: at 02:14 the orders database ran out of disk because WAL files piled up behind a "
        "dead replica. Dropped the replication slot, space came back, wrote an alert for slots that "
        "lag more than 20 GB.",
        "what filled up the disk of the orders database",
    ),
    (
        "chat-release",
        "lee: 2.8 is tagged, can someone push the docs?\nomar: docs job is red, missing token\nlee: "
        "rotated it, try again\nomar: green",
        "why did the documentation job fail",
    ),
    (
        "books",
        "To read: Piranesi, the Ostrom book about commons, Stoner again, something by Natalia "
        "Ginzburg. Lent to Felix: the Dutch atlas, wants it back by Christmas he says.",
        "who has my atlas",
    ),
    (
        "mail-school",
        "Dear parents, the swimming lessons begin after the autumn holidays. Your child needs a "
        "cap, a towel and a form signed by both parents. Non-swimmers go by bus with Mr Adler.",
        "what must be signed for the swimming course",
    ),
    (
        "network-home",
        "Router is in the hall cupboard, admin page on 192.168.178.1, password on the sticker "
        "below. If the upstairs access point blinks orange, unplug for ten seconds.",
        "how to restart the wireless on the first floor",
    ),
    (
        "chat-dog",
        "Ida: Bruno ate half a chocolate bar!!\nvet: how heavy is he? and dark or milk?\nIda: 30 "
        "kg, milk\nvet: then watch him, lots of water, come if he trembles",
        "is milk chocolate dangerous for a big dog",
    ),
    (
        "budget-trip",
        "Trip to Lisbon: flights 240 each, flat 610 for the week, food about 50 a day. Sandra paid "
        "the flights, I paid the flat, settle up when back.",
        "how much was the apartment in Portugal",
    ),
    (
        "mail-warranty",
        "Your washing machine WX-300 is covered until November 2026. The pump counts as wear only "
        "after three years. To report a fault have the serial number at hand, it is inside the "
        "door.",
        "where do I find the serial number of the washing machine",
    ),
    (
        "design-review",
        "Design review of the cache: write-through for sessions, write-back for thumbnails. "
        "Eviction by age, not by size. Yuki worries about thundering herds after a deploy; we add "
        "jitter to the expiry.",
        "what did we decide against a stampede when keys run out together",
    ),
    (
        "garden",
        "Planted on 14 April: peas, radish, two rows of carrots under fleece. Slugs got the lettuce "
        "again, next year beer traps or copper tape. Rhubarb must not be cut after June.",
        "what ate the salad",
    ),
    (
        "chat-meeting",
        "Greta: can we move Tuesday's sync to 15:00?\nAmir: I have the customer call then, "
        "16:00?\nGreta: 16:00 it is, I'll update the invite",
        "what time is the sync on Tuesday now",
    ),
    (
        "mail-bank",
        "We noticed a card payment of 89.90 from an online shop in Estonia. If this was not you, "
        "block the card in the app at once, or call us day and night.",
        "what to do about a strange charge on my card",
    ),
    (
        "allergies",
        "Allergies of the guests on Saturday: Tom no nuts, Lea no gluten, Marek vegetarian but eats "
        "fish, twins drink only water.",
        "who cannot have bread on Saturday",
    ),
    (
        "interview-kim",
        "Interview with Kim, backend: strong on queues and idempotency, honest about not knowing "
        "Kubernetes, wants part time of 32 hours, could begin in September. Recommend.",
        "which candidate wants to work fewer hours",
    ),
    (
        "chat-bug",
        "zoe: users in Brazil see yesterday's date in reports\nhan: we truncate in UTC, should be "
        "the account's zone\nzoe: since when?\nhan: since the ORM upgrade, fix is in review",
        "reason for the wrong day in reports for Brazilian users",
    ),
    (
        "mail-theatre",
        "Your tickets: row 7, seats 11 and 12, 24 May, doors open at 18:30, no admission after the "
        "bell. Coats must be left at the cloakroom.",
        "which seats do we have for the play",
    ),
    (
        "moving",
        "Moving list: cancel electricity by the 20th, forward the post for six months, measure the "
        "stairs for the sofa, deposit of 1,900 to get back, paint the nursery white.",
        "how long will letters be sent on",
    ),
    (
        "car-service",
        "Garage: brake pads front at 3 mm, replace before winter, oil done, next inspection at "
        "90,000 km or in May. They noticed a scratch at the rear left door.",
        "state of the brakes",
    ),
    (
        "chat-song",
        "Eli: what was that song at the wedding when everyone danced?\nJo: Dancing in the "
        "Moonlight\nEli: yes!! adding it to the list",
        "title of the music at the marriage party",
    ),
    (
        "mail-refund",
        "We received the shoes you sent back and will refund 74.95 to your account within five "
        "working days. The voucher of 10 percent stays valid.",
        "when does the money for the returned shoes arrive",
    ),
    (
        "oncall-handover",
        "Handover: certificate of the mail gateway was renewed by hand, automate it! Search cluster "
        "has one yellow index, harmless. Do not restart worker-7, it holds the only copy of the "
        "March export.",
        "which machine must not be rebooted",
    ),
    (
        "baby",
        "Milk at 2:40 and 6:15, 120 ml each, slept badly after the vaccination, temperature 37.9 at "
        "noon, no syrup given. Next appointment on the 21st for the second dose.",
        "did the little one have a fever after the jab",
    ),
    (
        "chat-train",
        "Uli: the 17:02 is cancelled\nPetra: take the regional at 17:20 from platform 9, change in "
        "Fulda\nUli: thx, will be home by nine",
        "which connection to take instead of the cancelled one",
    ),
    (
        "workshop",
        "Workshop with the museum: they want the audio guide offline, in four languages, and large "
        "type. Budget is 30k until the end of the year, the contact is Mrs Okafor, mornings only.",
        "whom do I call at the museum",
    ),
    (
        "mail-electric",
        "Your yearly bill: used 2,310 kWh, 8 percent less than last year. New monthly payment 71 "
        "euros from January. Meter reading by photo until 31 December.",
        "how much power did we use",
    ),
    (
        "coffee",
        "The machine in the office: descale when the light turns red, tablets are in the drawer "
        "below, press the two outer buttons for five seconds, 25 minutes.",
        "how to clean limescale from the espresso maker",
    ),
    (
        "chat-gift",
        "Omi's 80th: Karl makes the photo book, Steffi orders the armchair (she wants the green "
        "one), everybody transfers 60 to Steffi by the first.",
        "what does grandmother get for her birthday",
    ),
    (
        "thesis",
        "Talk with the supervisor: chapter two is too long, cut the history; the survey needs at "
        "least 80 answers; submit the ethics form before contacting schools; next meeting in three "
        "weeks.",
        "how many replies does the questionnaire need",
    ),
    (
        "mail-delivery",
        "Your parcel could not be delivered, nobody was in. It waits at the kiosk in Bergstrasse 12 "
        "until Wednesday, bring an identity card.",
        "where can I fetch my package",
    ),
    (
        "chat-backup",
        "sam: nas is at 96 %\nlin: old snapshots, keep policy was 400 days\nsam: set to 60, freeing "
        "2 TB now\nlin: and move the videos off it",
        "why was the storage nearly full",
    ),
    (
        "choir",
        "Choir: rehearsal moves to Wednesday because of the exams, altos come half an hour earlier, "
        "concert on 2 December in the old church, black clothes with something red.",
        "what to wear at the concert",
    ),
    (
        "tax",
        "For the tax return: receipts of the childcare, donation to the lifeboats 120, home office "
        "41 days, train card. Deadline is the end of July, with an adviser February.",
        "by when must the tax papers be handed in",
    ),
    (
        "chat-lunch",
        "Noor: new ramen place opposite the station, miso is great, quite salty\nVik: vegan?\nNoor: "
        "two vegan bowls, ask without egg",
        "is there something without animal products at the noodle place",
    ),
    (
        "mail-cfp",
        'Thank you for your submission "Queues that forget nothing". We are happy to accept it as a '
        "25 minute talk on day two. Confirm by 1 August; slides are due a week before.",
        "was my conference talk accepted and how long is it",
    ),
    (
        "insulin",
        "Grandad: 12 units in the morning, 8 in the evening, juice if below 70, spare pens in the "
        "fridge door, district nurse on Mondays, number on the calendar.",
        "what to give when his sugar is too low",
    ),
)
